// The engine's library needs glibc 2.38. On a Debian that has an older one, the next release's glibc is put into a
// cache folder and used for the engine's process alone; nothing of the system is changed and no root is needed.
import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { existsSync, globSync, readFileSync } from "node:fs"
import { mkdir, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

/** How a process is to be started: `command ...args script`. */
export interface Runtime {
  readonly command: string
  readonly args: ReadonlyArray<string>
}

const defaultCache = join(import.meta.dirname, "../../../node_modules/.cache/ams-glibc")
const packages = ["libc6", "libstdc++6", "libgcc-s1"]
const debian = { from: "bookworm", next: "trixie" }
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

/** This Node, under a newer loader where the system's glibc is older than 2.38. */
export const nodeRuntime = async (cache = defaultCache): Promise<Runtime> => {
  const platform = `${process.platform}-${process.arch}`
  if (!["linux-x64", "linux-arm64", "darwin-arm64"].includes(platform)) {
    throw new Error(`the embedded MongoDB is not built for ${platform}`)
  }
  if (process.platform === "darwin") return { command: process.execPath, args: [] }
  const version = await glibcVersion()
  if (version[0] > 2 || version[0] === 2 && version[1] >= 38) return { command: process.execPath, args: [] }
  if (codename() !== debian.from) {
    throw new Error(`it needs glibc 2.38, the system has ${version.join(".")} and is not Debian 12`)
  }
  const folder = join(cache, `${debian.next}-${process.arch}`)
  if (!existsSync(folder)) await download(cache, folder)
  const [loader] = globSync(join(folder, "usr/lib/*-linux-gnu/ld-linux-*.so.*"))
  if (loader === undefined) throw new Error(`there is no loader in ${folder}: remove that folder and try again`)
  return { command: loader, args: ["--library-path", dirname(loader), process.execPath] }
}

const glibcVersion = async (): Promise<readonly [number, number]> => {
  const { stdout } = await run("getconf", ["GNU_LIBC_VERSION"]).catch(() => ({ stdout: "" }))
  const found = /^glibc (\d+)\.(\d+)/.exec(stdout)
  if (found === null) throw new Error("it needs glibc 2.38, and getconf does not say that the system has glibc")
  return [Number(found[1]), Number(found[2])]
}

const codename = () => {
  if (!existsSync("/etc/os-release")) return undefined
  return /^VERSION_CODENAME="?(\w+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1]
}

/** Whoever is first renames its folder into place; others that were at it throw theirs away. */
const download = async (cache: string, folder: string): Promise<void> => {
  const temp = join(cache, `temp-${randomUUID()}`)
  try {
    await mkdir(temp, { recursive: true, mode: 0o755 })
    await unpack(temp)
    await rename(join(temp, "root"), folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error
    })
  } catch (error) {
    throw new Error(
      `it needs glibc 2.38, and Debian ${debian.next}'s could not be fetched with apt-get: ${complaint(error)}`,
      { cause: error }
    )
  } finally {
    await rm(temp, { recursive: true, force: true }).catch(() => undefined)
  }
}

const unpack = async (temp: string): Promise<void> => {
  await mkdir(join(temp, "state/lists/partial"), { recursive: true })
  await mkdir(join(temp, "archives/partial"), { recursive: true })
  await writeFile(join(temp, "status"), "")
  await writeFile(join(temp, "next.list"), await nextSources())
  const settings = {
    "Dir::State": join(temp, "state"),
    "Dir::State::status": join(temp, "status"),
    "Dir::Cache": temp,
    "Dir::Etc::sourcelist": join(temp, "next.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "APT::Default-Release": "",
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "20",
    "Acquire::https::Timeout": "20"
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])
  const limits = { cwd: temp, timeout: 180_000 }
  await run("apt-get", [...options, "-qq", "--error-on=any", "update"], limits)
  await run("apt-get", [...options, "-qq", "download", ...packages], limits)
  const files = globSync(join(temp, "*.deb"))
  if (files.length !== packages.length) {
    throw new Error(`apt-get brought ${files.length} of ${packages.length} packages`)
  }
  for (const file of files) await run("dpkg-deb", ["-x", file, join(temp, "root")], limits)
}

/** The system's own sources of this release, as apt reads them, with the next release's name. */
const nextSources = async (): Promise<string> => {
  const format = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
  const { stdout } = await run("apt-get", ["indextargets", "--format", format, "Identifier: Packages"])
  const { stdout: architecture } = await run("dpkg", ["--print-architecture"])
  const signed = existsSync(keyring) ? ` signed-by=${keyring}` : ""
  const uris = new Set(
    stdout.split("\n").flatMap((line) => {
      const [uri, release, component] = line.split(" ")
      return uri !== undefined && release === debian.from && component === "main" ? [uri] : []
    })
  )
  if (uris.size === 0) throw new Error(`apt has no source of ${debian.from} main`)
  return [...uris]
    .map((uri) => `deb [arch=${architecture.trim()} target=Packages${signed}] ${uri} ${debian.next} main\n`)
    .join("")
}

/** What a command complained of first. */
const complaint = (error: unknown): string => {
  if (!(error instanceof Error)) return `${error}`
  const stderr = "stderr" in error ? `${error.stderr}`.split("\n") : []
  return stderr.find((line) => line.startsWith("E: ")) ?? error.message.split("\n", 1).join()
}
