import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { HostCheck } from '../../lib/http/host.js'
import { NameTable } from '../../lib/http/native/parser/names.js'
import { BoundedCache } from '../../lib/sys/bounded-cache.js'
import { ownText } from '../../lib/sys/own-text.js'

// What is kept of a request must not keep its whole head: V8 makes what is cut out of a text a view of that text.

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const LARGE = 500_000
const COUNT = 100

/** Bytes of the heap that are in use after `keep` was given parts of large texts. */
function kept(keep: (part: string) => void): number {
  collect()
  const { heapUsed } = process.memoryUsage()
  for (let i = 0; i < COUNT; i++) {
    const head = Buffer.alloc(LARGE, `name-of-a-field-${i}:`).toString('latin1')
    keep(head.slice(0, 18))
  }
  collect()
  return process.memoryUsage().heapUsed - heapUsed
}

t.test('a slice keeps the text that it was cut from', async t => {
  const parts: string[] = []
  t.ok(kept(part => void parts.push(part)) > (LARGE * COUNT) / 2, 'or this test shows nothing')
  t.equal(parts.length, COUNT)
})

t.test('names, hosts and keys of caches do not', async t => {
  const table = new NameTable()
  const hosts = new HostCheck()
  const cache = new BoundedCache(key => ({ key }))
  const keepers: Record<string, (part: string) => void> = {
    name: part => void table.add(part),
    host: part => void hosts.passes(part.replace(':', '')),
    key: part => void cache.get(part),
  }
  for (const [what, keep] of Object.entries(keepers)) t.ok(kept(keep) < LARGE * 4, what)
  t.equal(cache.size, COUNT)
})

t.test('its own text is the same', async t => {
  for (const text of ['', 'a', 'caf\xe9', '€', '\ud800', '\0\xff'.repeat(20)]) t.equal(ownText(text), text)
})
