import { fileURLToPath } from 'node:url'
import { circles, forbiddenImports, unknownModules } from './importRules.ts'
import { importTable } from './importTable.ts'
import { exportsOf, type Export } from './readExports.ts'
import { importsOf, type Import } from './readImports.ts'
import { visitSources } from './readSources.ts'
import { textsOf, type CodeText } from './readTexts.ts'
import { folderNamesElsewhere } from './storageFolders.ts'
import { unusedExports } from './unusedExports.ts'
import { storageFolders } from '../src/storage/layout.ts'

const config = fileURLToPath(new URL('../tsconfig.json', import.meta.url))
const files: string[] = []
const imports: Import[] = []
const exports: Export[] = []
const texts: CodeText[] = []
visitSources(config, (source) => {
  files.push(source.file)
  imports.push(...importsOf(source))
  exports.push(...exportsOf(source))
  texts.push(...textsOf(source))
})
const faults = [
  ...unknownModules(files, importTable),
  ...forbiddenImports(imports, importTable),
  ...circles(imports),
  ...folderNamesElsewhere(texts, storageFolders),
  ...unusedExports(exports, imports),
]
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
