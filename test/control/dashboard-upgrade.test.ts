import t from 'tap'
import { openPage } from '../helpers/chromium.js'
import { messages } from '../helpers/messages.js'
import { metricsAddress, metricsOf } from '../helpers/metrics.js'
import { gone, killAndWait } from '../helpers/process.js'
import { startPython } from '../helpers/python.js'
import { until } from '../helpers/until.js'
import { startUpgrade } from '../helpers/upgrade.js'

const APP = `
def application(environ, start_response):
    start_response('200 OK', [('Content-Length', '2')])
    return [b'ok']
`

t.test('a page that is open goes on with the new arbiter, and shows its Python processes', async t => {
  const args = ['--metrics-bind', '127.0.0.1:0']
  const [page, server] = await Promise.all([openPage(t), startPython(t, APP, { workers: 2, args })])
  await metricsOf(t, server)
  await page.resize(390, 800)
  await page.goTo(`http://${metricsAddress(server)}/`)
  const shows = (what: string, expression: string) =>
    until(`the page shows ${what}`, async () => (await page.evaluate(expression)) === true)
  const processes = `[...document.querySelectorAll('#workers tr.process')]`
  await shows(
    'the processes',
    `${processes}.filter(row => /^Python \\d\\s+\\d+\\s+serving/.test(row.innerText)).length === 2`,
  )
  t.equal(await page.evaluate('document.documentElement.scrollWidth <= 390'), true, 'it fits a phone')
  await page.evaluate('window.isSame = true')
  const successor = await startUpgrade(t, server)
  await shows('the new arbiter', `document.querySelector('#about').textContent.includes('arbiter ${successor} ')`)
  server.signal('SIGTERM')
  await gone(server.pid)
  await shows('the upgrade', `document.querySelector('#marks [aria-label*="Upgraded"]') !== null`)
  await shows('its processes alone', `${processes}.length === 2`)
  t.equal(await page.evaluate('window.isSame'), true, 'without loading it again')
  t.equal(await page.text('#state'), 'running')
  t.ok(server.logged(messages.upgraded).length > 0)
  await killAndWait(successor)
})
