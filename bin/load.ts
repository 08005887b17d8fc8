#!/usr/bin/env node
import { loadBundle } from '../lib/sys/code-cache.js'

// `unicorn.cjs`, `unicornctl.cjs` and `worker.cjs`: each runs the bundle of its name.
loadBundle(__filename.replace(/cjs$/, 'bundle.cjs'), [exports, require, module])
