import AdminClient
import Foundation

/// A secret that a command reads from a file or from a variable of its environment. Rules and limit are those of the
/// configuration, except that a CR at the end is dropped only before a LF, and that one line end of a variable is
/// dropped too.
struct SecretInput {
    /// Longer than any key, and than a field line that could carry it.
    private static let bytesMax = 8_192

    /// What it is, for faults.
    let name: String
    /// One of the two.
    let file: String?
    let variable: String?

    /// - Parameter input: read when the path is `-`.
    func read(environment: [String: String], input: FileHandle = .standardInput) throws(UsageFault) -> String {
        if let variable {
            let source = "environment variable \(variable)"
            guard let text = environment[variable] else { throw fault(source, "is not set") }
            return try checked(Array(text.utf8), source)
        }
        guard let file else { preconditionFailure("\(name) without a source") }
        if file == "-" { return try checked(content(of: input, "standard input"), "standard input") }
        let source = "file \(file)"
        guard let handle = FileHandle(forReadingAtPath: file) else { throw fault(source, "cannot be read") }
        return try checked(content(of: handle, source), source)
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
        if secret.isEmpty { throw fault(source, "is empty; put \(name) there") }
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
