// unicorn --workers 4 --env NODE_OPTIONS='--import ./telemetry.mjs' app.js
//
// NODE_OPTIONS goes to the workers only, and this file is loaded in each of them before anything else, also in those that replace others. The
// same goes for Sentry: --env NODE_OPTIONS='--import ./instrument.mjs', with Sentry.init() in that file.
import { register } from 'node:module'
import './telemetry.cjs'

// What CommonJS requires is instrumented by telemetry.cjs. What ES modules import is only with these hooks.
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url)
