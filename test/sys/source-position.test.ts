import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { SourcePositions } from '../../lib/sys/source-position.js'

/** Maps the first line and column to line 11, column 5 of its only source. */
const MAPPINGS = 'AAUI'

function map(source: string, sourceRoot = ''): string {
  return JSON.stringify({ version: 3, file: 'app.js', sourceRoot, sources: [source], names: [], mappings: MAPPINGS })
}

const dataUrl = (text: string) => `data:application/json;base64,${Buffer.from(text).toString('base64')}`

function find(url: string, sourceMapUrl: string) {
  return new SourcePositions().find({ url, sourceMapUrl, line: 0, column: 0 })
}

t.test('a map in the script itself', async t => {
  const found = { line: 11, column: 5 }
  t.same(find('file:///srv/built/app.js', dataUrl(map('../src/app.ts'))), { ...found, file: '/srv/src/app.ts' })
  t.same(find('file:///srv/app.ts', dataUrl(map('app.ts'))), { ...found, file: '/srv/app.ts' })
  t.same(find('file:///srv/app.js', dataUrl(map('webpack://x/./a.ts'))), { ...found, file: 'webpack://x/a.ts' })
})

t.test('a map in a file beside it', async t => {
  const directory = t.testdir({ built: { 'app.js.map': map('app.ts', '../src') } })
  const { file } = find(pathToFileURL(`${directory}/built/app.js`).href, 'app.js.map')
  t.equal(file, `${directory}/src/app.ts`)
})

t.test('where the map is no use, the place in the script', async t => {
  const directory = t.testdir({ 'app.js': '' })
  const path = `${directory}/app.js`
  const { href } = pathToFileURL(path)
  writeFileSync(`${directory}/huge.map`, Buffer.alloc(9 * 1024 * 1024, ' '))
  const useless = [
    '',
    'missing.map',
    'huge.map',
    '\0',
    'https://127.0.0.1/app.js.map',
    dataUrl('{'),
    dataUrl('null'),
    dataUrl('{}'),
  ]
  for (const url of useless) t.same(find(href, url), { file: path, line: 1, column: 1 }, url.slice(0, 40))
  t.same(find('', 'app.js.map'), { file: '', line: 1, column: 1 }, 'a script without a name')
})
