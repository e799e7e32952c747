import Forms
import Foundation
import JSON
import Transport

/// Secrets, and files that are named: read now, so that everything wrong is known before anything starts.
extension ObjectReader {
    private static let forms = #"{"env": "NAME"}, {"file": "PATH"}, {"credential": "NAME"} or {"value": "…"}"#

    /// One of `forms`; nil, with a fault, when it cannot be had.
    func secret(_ name: String, in surroundings: Surroundings) -> Secret? {
        guard let value = take(name) else {
            fault(name, "is missing; give \(Self.forms)")
            return nil
        }
        let kinds = ["env", "file", "credential", "value"]
        if case .object(let members) = value, members.contains(where: { kinds.contains($0.name) }),
            let other = members.first(where: { !kinds.contains($0.name) }), isShown(other.name)
        {
            fault("\(name).\(other.name)", "is not a member that is known here; a secret is \(Self.forms)")
            return nil
        }
        guard case .object(let members) = value, members.count == 1, case .string(let text) = members[0].value,
            kinds.contains(members[0].name)
        else {
            fault(name, "must be \(Self.forms)")
            return nil
        }
        switch members[0].name {
        case "env": return secret(name, fromVariable: text, in: surroundings)
        case "file":
            let file = SecretFile(path: surroundings.resolve(text).path, shown: text.printablePath)
            return secret(name, from: file, called: "file \(file.shown)", in: surroundings)
        case "credential": return secret(name, fromCredential: text, in: surroundings)
        default:
            report.warn(path(name), "stands in the configuration itself; env or file keeps it out")
            return checked(name, Array(text.utf8), "the value is empty; put the secret there, or name env or file")
        }
    }

    /// Whether it cannot be the secret itself, put in the wrong place.
    private func isShown(_ name: String) -> Bool {
        (1...16).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") }
    }

    private func secret(_ name: String, fromVariable variable: String, in surroundings: Surroundings) -> Secret? {
        // What is no name may be the secret itself, put in the wrong place: it is not repeated.
        guard isVariableName(variable) else {
            fault(name, "env must be the name of an environment variable: letters, digits and underscores")
            return nil
        }
        guard let value = surroundings.environment[variable] else {
            surroundings.fault(path(name), "environment variable \(variable) is not set", missing: variable)
            return nil
        }
        guard !value.isEmpty else {
            surroundings.fault(path(name), "environment variable \(variable) is empty", missing: variable)
            return nil
        }
        return checked(name, Array(value.utf8), "")
    }

    private func isVariableName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == UInt8(ascii: "_")
        }
    }

    /// What the service manager hands over with `LoadCredential=` or `SetCredential=`: a file of that name in the
    /// folder that it names in the environment.
    private func secret(_ name: String, fromCredential credential: String, in surroundings: Surroundings) -> Secret? {
        // A name that leads elsewhere is none, and may be the secret itself: it is not repeated.
        guard (1...255).contains(credential.utf8.count), credential.utf8.first != UInt8(ascii: "."),
            credential.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
        else {
            fault(
                name,
                "credential must be a name as in LoadCredential=NAME, without a slash and no dot at its beginning"
            )
            return nil
        }
        let variable = "CREDENTIALS_DIRECTORY"
        guard let folder = surroundings.environment[variable], folder.hasPrefix("/") else {
            let remedy = "systemd sets it for a service with LoadCredential=\(credential)"
            fault(name, "credential \(credential): environment variable \(variable) is not set; \(remedy)")
            return nil
        }
        let path = "\(folder)/\(credential)"
        let file = SecretFile(path: path, shown: path.printablePath)
        return secret(name, from: file, called: "credential \(credential)", in: surroundings)
    }

    /// - Parameter called: what messages call it.
    private func secret(
        _ name: String,
        from file: SecretFile,
        called what: String,
        in surroundings: Surroundings
    ) -> Secret? {
        let content: FileReading.Content
        do throws(FileReading.Failure) {
            content = try surroundings.files.read(file.path, bytesMax: SecretFile.bytesMax)
        } catch {
            let tooLong = "is longer than \(SecretFile.bytesMax) bytes; it is to hold the secret alone"
            fault(name, "\(what) \(reason(error, tooLong: tooLong))")
            return nil
        }
        if content.othersMayRead { warnOfReaders(name, file.shown, called: what) }
        var bytes = content.bytes
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        return checked(name, bytes, "\(what) is empty; put the secret there")
    }

    /// A secret goes into a field line, so it is visible ASCII.
    private func checked(_ name: String, _ bytes: [UInt8], _ whenEmpty: String) -> Secret? {
        if bytes.isEmpty {
            fault(name, whenEmpty)
            return nil
        }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            fault(name, "has a character that is not visible ASCII; a space or line break may have slipped in")
            return nil
        }
        return Secret(bytes: bytes)
    }

    /// Certificates or a key, read from a file; nil, with a fault, when they cannot be. Whether they are sound is for
    /// the caller to find out.
    ///
    /// - Parameter isSecret: others should not read it.
    func pem(_ name: String, in surroundings: Surroundings, isSecret: Bool = false) -> PEMText? {
        guard let text = string(name) else { return nil }
        let path = surroundings.resolve(text).path
        do throws(FileReading.Failure) {
            let content = try surroundings.files.read(path, bytesMax: PEMText.bytesMax)
            if isSecret, content.othersMayRead {
                warnOfReaders(name, text.printablePath, called: "file \(text.printablePath)")
            }
            return PEMText(file: path, bytes: content.bytes)
        } catch {
            let tooLong = "is larger than 4 MiB; it is to hold certificates or a key alone"
            fault(name, "file \(text.printablePath) \(reason(error, tooLong: tooLong))")
            return nil
        }
    }

    private func warnOfReaders(_ name: String, _ file: String, called what: String) {
        report.warn(path(name), "\(what) may be read by others; type: chmod 600 \(file)")
    }

    private func reason(_ failure: FileReading.Failure, tooLong: String) -> String {
        switch failure {
        case .unreadable: "cannot be read; create it or correct the path"
        case .notRegular: "is no regular file; give one that holds it"
        case .tooLong: tooLong
        case .slow: "does not answer; is its file system there?"
        }
    }
}

/// A file that holds one secret.
private struct SecretFile {
    let path: String
    /// As the configuration names it.
    let shown: String

    /// Longer than any key, and than a field line that could carry it.
    static let bytesMax = 8_192
}

/// Bytes that must not be seen: printing, dumping or reflecting it shows nothing of them. Immutable.
public struct Secret: Sendable, Equatable {
    /// The secret itself.
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) { self.bytes = bytes }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "•••" }
    public var debugDescription: String { "•••" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
