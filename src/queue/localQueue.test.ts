import { queueContract } from './contract.testing.ts'
import { LocalQueue } from './localQueue.ts'

queueContract('local', async (options) => new LocalQueue(options))
