import t from 'tap'
import { checkPolicy } from './scene.js'
import { CASES } from './tables.js'

checkPolicy(t, 'python', CASES.python)
