import t from 'tap'
import { Client } from '../helpers/http.js'
import { startServer } from '../helpers/server.js'
import { holdsWhatNodeHolds } from './suite.js'

holdsWhatNodeHolds(
  { folder: 'koa', script: 'server.js' },
  { pages: { broken: [500, /^Internal Server Error$/], missing: [404, /^Not Found$/] }, closed: /^Server closed/ },
)

t.test('an exported application', async t => {
  const app = `import Koa from 'koa'
    const app = new Koa()
    app.use(ctx => { ctx.body = 'exported' })
    export default app`
  const server = await startServer(t, { app, spec: 'app' })
  t.match(await new Client(t, server.target).get(), { status: 200, body: 'exported' })
})
