// npx tsc && unicorn --workers 4 dist/main.js
import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.js'

async function bootstrap() {
  const app = await NestFactory.create(AppModule)
  // As without unicorn: at TERM, Nest runs the hooks that end the application. The worker waits for them.
  app.enableShutdownHooks()
  // unicorn ignores the port, says so in the log, and listens at --bind.
  await app.listen(process.env.PORT ?? 3000)
}
bootstrap()
