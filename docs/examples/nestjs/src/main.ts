// npx tsc && unicorn --workers 4 dist/main.js
import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.js'

async function bootstrap() {
  const app = await NestFactory.create(AppModule)
  // As without unicorn: at TERM Nest runs the hooks that end the application, and the worker waits until it has.
  app.enableShutdownHooks()
  // The port is ignored, with a line in the log: unicorn listens at --bind.
  await app.listen(process.env.PORT ?? 3000)
}
bootstrap()
