import { boot } from '../lib/worker/boot/boot.js'

void boot()
