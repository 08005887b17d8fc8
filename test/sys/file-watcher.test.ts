import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { describeFiles } from '../../lib/sys/describe.js'
import { filePattern } from '../../lib/sys/file-pattern.js'
import { FileWatcher } from '../../lib/sys/file-watcher.js'
import { atEnd, testdir } from '../helpers/at-end.js'
import { until } from '../helpers/until.js'

interface Watched {
  readonly directory: string
  /** Waits for the next change, and what it is: paths from the directory. */
  readonly change: () => Promise<readonly string[]>
  readonly watch: (...files: string[]) => void
}

function watched(
  t: Test,
  { patterns = [], files = {} }: { patterns?: string[]; files?: Record<string, string> },
): Watched {
  const directory = testdir(t, files)
  const changes: string[][] = []
  const errors: Error[] = []
  const watcher = new FileWatcher({
    patterns: patterns.map(text => filePattern(text, directory)),
    onChange: paths => changes.push(paths),
    onError: error => errors.push(error),
  })
  atEnd(t, () => {
    watcher.close()
    if (errors.length + changes.length > 0) throw new Error(`that nobody waited for: ${errors} ${changes}`)
  })
  return {
    directory,
    watch: (...names) => watcher.watch(new Set(names.map(name => join(directory, name)))),
    async change() {
      await until('a change', () => changes.length > 0)
      return (changes.shift() ?? []).map(path => path.slice(directory.length + 1)).sort()
    },
  }
}

t.test('a file that is written, replaced, removed and made again', async t => {
  const { directory, watch, change } = watched(t, { files: { 'a.js': '1', 'b.js': '1', 'other.js': '1' } })
  const file = join(directory, 'a.js')
  watch('a.js', 'b.js')
  writeFileSync(join(directory, 'other.js'), '2')
  writeFileSync(file, '2')
  t.same(await change(), ['a.js'], 'written; the file beside it is none of ours')
  for (const text of ['3', '4']) {
    writeFileSync(`${file}.tmp`, text)
    renameSync(`${file}.tmp`, file)
    t.same(await change(), ['a.js'], 'replaced')
  }
  rmSync(file)
  t.same(await change(), ['a.js'], 'removed')
  writeFileSync(file, '5')
  t.same(await change(), ['a.js'], 'made again')
  writeFileSync(file, '6')
  writeFileSync(join(directory, 'b.js'), '6')
  t.same(await change(), ['a.js', 'b.js'], 'many at once are one change')
  watch('b.js')
  writeFileSync(file, '7')
  writeFileSync(join(directory, 'b.js'), '7')
  t.same(await change(), ['b.js'], 'what is watched no longer')
})

t.test('directories that go and come', async t => {
  const { directory, watch, change } = watched(t, {})
  const sub = join(directory, 'sub')
  const deep = join(sub, 'deep')
  watch('sub/deep/a.js')
  mkdirSync(sub)
  t.same(await change(), ['sub'], 'on the way to a file')
  mkdirSync(deep)
  t.same(await change(), ['sub/deep'])
  writeFileSync(join(deep, 'a.js'), '1')
  t.same(await change(), ['sub/deep/a.js'])
  renameSync(deep, join(directory, 'elsewhere'))
  t.same(await change(), ['sub/deep'], 'moved away')
  mkdirSync(deep)
  writeFileSync(join(deep, 'a.js'), '2')
  t.ok((await change()).length > 0, 'there again')
  rmSync(deep, { recursive: true })
  mkdirSync(deep)
  writeFileSync(join(deep, 'a.js'), '3')
  t.ok((await change()).length > 0, 'removed and made again at once')
  writeFileSync(join(deep, 'a.js'), '4')
  t.same(await change(), ['sub/deep/a.js'], 'and still watched')
  renameSync(sub, join(directory, 'moved'))
  mkdirSync(deep, { recursive: true })
  watch('sub/deep/a.js')
  writeFileSync(join(deep, 'a.js'), '5')
  t.same(await change(), ['sub/deep/a.js'], 'another one in its place')
})

t.test('patterns', async t => {
  const files = { 'page.html': '1', 'page.txt': '1', 'plain.env': '1' }
  const patterns = ['views/**/*.html', '*.html', 'plain.env', 'whole']
  const { directory, watch, change } = watched(t, { files, patterns })
  mkdirSync(join(directory, 'whole'))
  watch()
  writeFileSync(join(directory, 'page.txt'), '2')
  writeFileSync(join(directory, 'page.html'), '2')
  t.same(await change(), ['page.html'])
  writeFileSync(join(directory, 'plain.env'), '2')
  t.same(await change(), ['plain.env'])
  mkdirSync(join(directory, 'views'))
  t.same(await change(), ['views'], 'the directory of a glob that was not there')
  mkdirSync(join(directory, 'views/a'))
  mkdirSync(join(directory, 'views/node_modules'))
  await until('the new directory is watched', async () => {
    writeFileSync(join(directory, 'views/a/new.html'), '1')
    writeFileSync(join(directory, 'page.html'), '3')
    return (await change()).includes('views/a/new.html')
  })
  writeFileSync(join(directory, 'views/a/new.txt'), '1')
  writeFileSync(join(directory, 'views/node_modules/no.html'), '1')
  writeFileSync(join(directory, 'views/a/new.html'), '2')
  t.same(await change(), ['views/a/new.html'], 'no other file, and no package')
})

t.test('a directory stands for all files below it', async t => {
  const directory = testdir(t, {})
  mkdirSync(join(directory, 'whole/deep'), { recursive: true })
  const { base, depth, matches } = filePattern('whole', directory)
  t.same([base, depth], [join(directory, 'whole'), Number.POSITIVE_INFINITY])
  t.ok(matches(join(directory, 'whole/deep/file')))
  t.notOk(matches(join(directory, 'wholesale')))
})

t.test('the directory of a glob may have characters of globs in its name, and a file too', async t => {
  const directory = join(testdir(t, {}), '[id] (x)')
  mkdirSync(directory)
  writeFileSync(join(directory, '[slug].html'), '')
  t.ok(filePattern('*.html', directory).matches(join(directory, 'a.html')))
  const file = filePattern('[slug].html', directory)
  t.ok(file.matches(join(directory, '[slug].html')))
  t.notOk(file.matches(join(directory, 's.html')))
})

t.test('names for people', async t => {
  t.equal(describeFiles(['/a/b.js']), 'b.js')
  t.equal(describeFiles(['/a/b.js', '/a/c.js', '/a/d.js']), 'b.js and 2 more')
})
