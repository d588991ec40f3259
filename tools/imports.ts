import { fileURLToPath } from 'node:url'
import { circles, forbiddenImports, unknownModules } from './importRules.ts'
import { importTable } from './importTable.ts'
import { readImports } from './readImports.ts'

const { files, imports } = readImports(fileURLToPath(new URL('../tsconfig.json', import.meta.url)))
const faults = [
  ...unknownModules(files, importTable),
  ...forbiddenImports(imports, importTable),
  ...circles(imports),
]
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
