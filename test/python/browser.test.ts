import t from 'tap'
import { openPage } from '../helpers/chromium.js'
import { requireModules } from '../helpers/python.js'
import { copyOfExample, prepareDjango, SUPERUSER, serve } from './example.js'

requireModules('django', 'whitenoise')

t.test("Django's admin in a browser: log in, add, save, and see it in the list", async t => {
  const directory = copyOfExample(t, 'django')
  const [page] = await Promise.all([openPage(t), prepareDjango(directory)])
  const server = await serve(t, directory, 'my_project.wsgi:application')
  await page.goTo(`${server.addresses[0]}/admin/`)
  t.match(await page.text('#site-name'), 'Django administration')
  t.not(await page.evaluate('getComputedStyle(document.querySelector("#header")).backgroundColor'), 'rgba(0, 0, 0, 0)')

  await page.type('[name=username]', SUPERUSER.username)
  await page.type('[name=password]', SUPERUSER.password)
  await page.follow('[type=submit]')
  t.match(await page.text('#content h1'), 'Site administration')

  await page.follow('.model-document .addlink')
  await page.type('[name=title]', 'A title with “quotes” & ümlauts')
  await page.follow('[name=_save]')
  t.match(await page.text('.messagelist .success'), /was added successfully/)
  t.equal(await page.text('#result_list .field-title'), 'A title with “quotes” & ümlauts')
  t.same(page.errors, [])
})
