// unicorn --workers 4 --env NODE_OPTIONS='--import ./telemetry.mjs' app.js
//
// NODE_OPTIONS goes to the workers only. Each of them, including those that replace others, loads this file before
// anything else. The same works for Sentry: --env NODE_OPTIONS='--import ./instrument.mjs', with Sentry.init() in that
// file.
import { register } from 'node:module'
import './telemetry.cjs'

// telemetry.cjs instruments what CommonJS requires. What ES modules import needs these hooks as well.
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url)
