import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './helpers/root.js'

const LINK = /\]\((?<target>[^)\s]+)\)/g
const HEADING = /^#{1,6} (?<text>.+)$/gm

const pages = ['.', 'docs', 'docs/examples'].flatMap(directory =>
  readdirSync(join(root, directory))
    .filter(name => name.endsWith('.md'))
    .map(name => join(directory, name)),
)

t.test('every relative link of README and docs leads to a file, and its anchor to a heading', async t => {
  t.ok(pages.includes('README.md') && pages.includes('docs/guide.md'), 'there are pages to look at')
  t.same(pages.flatMap(deadLinks), [])
})

function deadLinks(page: string): string[] {
  return [...textOf(page).matchAll(LINK)]
    .map(({ groups }) => groups?.target ?? '')
    .filter(target => !/^[a-z]+:/.test(target) && !leadsSomewhere(page, target))
    .map(target => `${page}: ${target}`)
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : join(page, '..', path)
  return existsSync(join(root, file)) && (anchor === undefined || anchorsOf(file).includes(anchor))
}

/** As GitHub makes them: lower case, without punctuation, hyphens for spaces, and a number if a heading comes again. */
function anchorsOf(page: string): string[] {
  const anchors: string[] = []
  for (const { groups } of textOf(page).matchAll(HEADING)) {
    const text = (groups?.text ?? '').toLowerCase()
    const anchor = text.replace(/[^\p{Letter}\p{Number} _-]/gu, '').replaceAll(' ', '-')
    const before = anchors.filter(other => other.replace(/-\d+$/, '') === anchor).length
    anchors.push(before === 0 ? anchor : `${anchor}-${before}`)
  }
  return anchors
}

/** The page without its examples of code. */
function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
}
