// unicorn docs/examples/wsgi/validated.js
import { validator } from 'unicorn'
import { application as hello } from './middleware.js'

/** For development: turns every breach of the contract into an error that names it. */
export const application = validator(hello)
