// npx tsc && unicorn --workers 4 dist/application.js
import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.js'

// Instead of main.ts. The worker awaits its init() before it serves, and its close() after the last response.
export const application = NestFactory.create(AppModule)
