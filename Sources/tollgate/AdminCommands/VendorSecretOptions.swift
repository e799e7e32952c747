import AdminClient
import ArgumentParser
import Foundation

/// The source of the vendor's secret. Never an argument: the shell's history and the process list would show it.
struct VendorSecretOptions: ParsableArguments {
    /// The same limit as in the configuration: longer than any key, and than a field line that could carry it.
    private static let bytesMax = 8_192

    @Option(
        help: ArgumentHelp(
            "A file that holds the vendor's secret alone; - reads standard input.",
            discussion: "One line break at its end is dropped.",
            valueName: "path"
        )
    )
    var secretFile: String?

    @Option(help: ArgumentHelp("The environment variable that holds the vendor's secret.", valueName: "name"))
    var secretEnv: String?

    func validate() throws {
        guard (secretFile == nil) != (secretEnv == nil) else {
            throw ValidationError("give the vendor's secret with either --secret-file or --secret-env")
        }
    }

    /// - Parameter input: read when the path is `-`.
    func read(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        input: FileHandle = .standardInput
    ) throws(UsageFault) -> String {
        if let secretEnv {
            let source = "environment variable \(secretEnv)"
            guard let text = environment[secretEnv] else { throw fault(source, "is not set") }
            return try checked(Array(text.utf8), source)
        }
        guard let secretFile else { preconditionFailure("validate() lets nothing through without a source") }
        if secretFile == "-" { return try checked(content(of: input, "standard input"), "standard input") }
        let source = "file \(secretFile)"
        guard let file = FileHandle(forReadingAtPath: secretFile) else { throw fault(source, "cannot be read") }
        return try checked(content(of: file, source), source)
    }

    /// Reads at most one byte more than the limit, enough to detect a secret that is too long.
    private func content(of file: FileHandle, _ source: String) throws(UsageFault) -> [UInt8] {
        do {
            return Array(try file.read(upToCount: Self.bytesMax + 1) ?? Data())
        } catch {
            throw fault(source, "cannot be read")
        }
    }

    private func checked(_ content: [UInt8], _ source: String) throws(UsageFault) -> String {
        var secret = content[...]
        if secret.last == 0x0A {
            secret.removeLast()
            if secret.last == 0x0D { secret.removeLast() }
        }
        if secret.isEmpty { throw fault(source, "is empty; put the vendor's secret there") }
        guard secret.count <= Self.bytesMax else {
            throw fault(source, "is longer than \(Self.bytesMax) bytes; it is to hold the secret alone")
        }
        guard VisibleASCII.isSound(secret) else {
            throw fault(source, "has a character that is not visible ASCII; a space or line break may have slipped in")
        }
        return String(decoding: secret, as: UTF8.self)
    }

    private func fault(_ source: String, _ reason: String) -> UsageFault {
        UsageFault(description: TerminalText.cleaned("\(source) \(reason)"))
    }
}
