import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withImportTable } from './importTableText.ts'

const table = {
  work: { is: 'helpers', values: [] },
  nix: { is: 'Nix', values: ['work'] },
  config: { is: 'settings', values: ['nix'], types: ['work'] },
}

test('the table stands between the marks, whatever was there', () => {
  const page = 'before\n<!-- import table -->\nold\n<!-- end of import table -->\nafter\n'
  const expected = `before
<!-- import table -->

| room     | what it is | may import             |
| -------- | ---------- | ---------------------- |
| \`work\`   | helpers    |                        |
| \`nix\`    | Nix        | the foundation         |
| \`config\` | settings   | \`nix\`, types of \`work\` |

<!-- end of import table -->
after
`
  const made = withImportTable(page, table, [{ name: 'the foundation', modules: ['work'] }])
  assert.equal(made, expected)
  assert.equal(withImportTable(made, table, [{ name: 'the foundation', modules: ['work'] }]), expected)
})

test('a page without the marks is an error', () => {
  assert.throws(() => withImportTable('nothing', table, []), /needs '<!-- import table -->'/)
})
