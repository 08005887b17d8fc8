/**
 * helmet's security headers for an Express application:
 *   unicorn --bind 127.0.0.1:8000 helmet.js
 */
import express from 'express'
import helmet from 'helmet'

const app = express()
app.use(helmet())

app.get('/', (_req, res) => {
  res.send('<p>Hello, world!</p>')
})

app.listen(3000)
