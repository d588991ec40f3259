import { storageContract } from './contract.testing.ts'
import { createMemoryStorage } from './memory.testing.ts'

const storage = createMemoryStorage()
storageContract('memory', async () => storage)
