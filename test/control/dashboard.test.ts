import t from 'tap'
import type { Update } from '../../lib/control/dashboard/messages.js'
import { openPage, type Page } from '../helpers/chromium.js'
import { Client } from '../helpers/http.js'
import { messages } from '../helpers/messages.js'
import { metricsAddress, metricsOf } from '../helpers/metrics.js'
import { killAndWait } from '../helpers/process.js'
import { startServer } from '../helpers/server.js'
import { until } from '../helpers/until.js'

/** What blocks has a name that would be an element, if it were taken for HTML. */
const app = `
const blocks = { '<img src=x>'() { for (const end = Date.now() + 60_000; Date.now() < end; ) Math.sqrt(end) } }
export const application = (req, res) => {
  if (req.url === '/hang') blocks['<img src=x>']()
  res.end('served')
}`
const args = ['--metrics-bind', '127.0.0.1:0', '--interface', 'node', '--timeout', '2s']

t.test('the dashboard in a browser', async t => {
  const [page, server] = await Promise.all([
    openPage(t),
    startServer(t, { workers: 2, app, args, expectErrors: [messages.exited, /Worker (timeout|hangs)/] }),
  ])
  await metricsOf(t, server)
  await page.resize(1280, 900)
  await page.goTo(`http://${metricsAddress(server)}/`)
  await shows(page, 'the workers', `document.querySelectorAll('#workers tr').length === 2`)
  const pids = await page.evaluate(`[...document.querySelectorAll('#workers td:nth-child(2)')].map(e => +e.innerText)`)
  t.same([...(pids as number[])].sort(), server.workers().sort())
  t.match(await page.text('#state'), 'running')
  t.equal(await page.evaluate(`document.querySelectorAll('#charts canvas').length`), 5)

  // Without loading the page again.
  await page.evaluate('window.isSame = true')
  server.signal('SIGHUP')
  await server.log(messages.reloaded)
  await shows(page, 'the reload', mark('Reload: committed'))
  const [victim = 0] = server.workers()
  await killAndWait(victim)
  await shows(page, 'the crash', mark('killed-outside'))

  await t.test('a mark opens its reason, by the keyboard', async t => {
    await page.evaluate(`document.querySelector('#marks [aria-label*="killed-outside"]').focus()`)
    await page.press('Enter')
    t.match(await page.text('#details'), new RegExp(`pid\\s+${victim}[^]*signal\\s+SIGKILL`))
    t.match(await page.text('#details-facts'), /reason\s+killed-outside/)
    await page.press('Escape')
    t.equal(await page.evaluate(`document.querySelector('#details').open`), false)
    t.match(await page.evaluate(`document.activeElement.ariaLabel`), 'killed-outside')
  })

  await t.test('the stack of a hang', async t => {
    void new Client(t, server.target).get('/hang').catch(() => {})
    await shows(page, 'the hang', mark('event loop blocked'))
    await page.evaluate(`document.querySelector('#marks [aria-label*="event loop blocked"]').click()`)
    t.match(await page.text('#details-stack'), /<img src=x>.*app\.js:2:\d+/)
    t.equal(await page.evaluate(`document.querySelectorAll('img').length`), 0)
    await page.press('Escape')
  })

  await t.test('a client that comes back gets what it has missed', async t => {
    const url = `http://${metricsAddress(server)}/events`
    const first = await updateFrom(url)
    t.match(first, { isFirst: true, now: { target: 2 } })
    t.ok(first.events.length > 5)
    const next = await updateFrom(url, first.id)
    t.equal(next.isFirst, false)
    t.ok(next.events.every(({ id }) => id > first.events.length))
    t.match(await updateFrom(url, first.id.replace(/^\d+/, '1')), { isFirst: true }, 'of another arbiter')
    t.match(await updateFrom(url, 'none of ours'), { isFirst: true })
  })

  await t.test('dark, and on a phone', async t => {
    const ground = `getComputedStyle(document.documentElement).backgroundColor`
    await page.prefer('light')
    t.equal(await page.evaluate(ground), 'rgb(246, 246, 248)')
    await page.prefer('dark')
    t.equal(await page.evaluate(ground), 'rgb(20, 21, 26)')
    await page.resize(390, 800)
    await shows(page, 'no more than fits', `document.documentElement.scrollWidth <= 390`)
  })

  t.equal(await page.evaluate('window.isSame'), true)
  t.same(page.errors, [])
})

/** The first update of a stream, and its id. */
async function updateFrom(url: string, last?: string): Promise<Update & { readonly id: string }> {
  const { body } = await fetch(url, {
    headers: last === undefined ? {} : { 'Last-Event-ID': last },
  })
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of body ?? []) {
    text += decoder.decode(piece, { stream: true })
    const { id = '', data } = /^id: (?<id>.*)\ndata: (?<data>.*)\n\n/m.exec(text)?.groups ?? {}
    if (data !== undefined) return { ...JSON.parse(data), id } // which ends the request too
  }
  throw new Error(`no update: ${text}`)
}

function mark(title: string): string {
  return `document.querySelector('#marks [aria-label*="${title}"]') !== null`
}

async function shows(page: Page, what: string, expression: string): Promise<void> {
  await until(`the page shows ${what}`, async () => (await page.evaluate(expression)) === true)
}
