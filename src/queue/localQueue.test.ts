import { queueContract } from './contract.ts'
import { LocalQueue } from './localQueue.ts'

queueContract('local', async (options) => new LocalQueue(options))
