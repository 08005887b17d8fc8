// unicorn docs/examples/wsgi/validated.js
import { validator } from 'unicorn'
import { application as hello } from './middleware.js'

/** While you develop: every breach of the contract becomes an error that names it. */
export const application = validator(hello)
