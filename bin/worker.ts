import { boot } from '../lib/worker/boot.js'

void boot()
