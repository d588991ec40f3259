import { storageContract } from './contract.ts'
import { createMemoryStorage } from './memory.ts'

const storage = createMemoryStorage()
storageContract('memory', async () => storage)
