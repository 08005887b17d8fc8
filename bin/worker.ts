import { boot } from '../lib/worker/boot.js'

await boot()
