import { chmod, mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/**
 * A new temporary folder for AMS_HOME whose data lie within, so that removing it removes them.
 * Under root PostgreSQL runs as another user, who cannot enter what mkdtemp makes: AMS would put the data elsewhere, where
 * they outlive the folder.
 */
export const makeHome = async (prefix: string) => {
  const home = await mkdtemp(join(tmpdir(), prefix))
  await chmod(home, 0o755)
  return home
}
