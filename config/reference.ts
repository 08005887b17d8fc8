/** `node dist/config/reference.js > docs/settings.md` */
import { referenceText } from './reference-text.js'

process.stdout.write(referenceText())
