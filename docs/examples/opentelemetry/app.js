// unicorn --workers 4 --env NODE_OPTIONS='--import ./telemetry.mjs' app.js
import { trace } from '@opentelemetry/api'
import express from 'express'

export const application = express()

application.get('/users/:name', (req, res) => {
  // Adds to the request's span, which has its name, status and duration anyway.
  trace.getActiveSpan()?.setAttribute('user', req.params.name)
  res.json({ name: req.params.name })
})

application.post('/users', express.json(), (req, res) => {
  res.status(201).json(req.body)
})
