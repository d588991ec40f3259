import { fileURLToPath } from 'node:url'
import { circles, forbiddenImports, unknownModules } from './importRules.ts'
import { importTable } from './importTable.ts'
import { readImports } from './readImports.ts'
import { readTexts } from './readTexts.ts'
import { folderNamesElsewhere } from './storageFolders.ts'
import { storageFolders } from '../src/storage/layout.ts'

const config = fileURLToPath(new URL('../tsconfig.json', import.meta.url))
const { files, imports } = readImports(config)
const faults = [
  ...unknownModules(files, importTable),
  ...forbiddenImports(imports, importTable),
  ...circles(imports),
  ...folderNamesElsewhere(readTexts(config), storageFolders),
]
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
