import Glibc

/// Certificates or a key in PEM as a file has them. Immutable; printing, dumping or reflecting it shows the file's name
/// alone.
public struct PEMText: Sendable, Equatable {
    /// Longer than any bundle of authorities.
    public static let bytesMax = 4 << 20

    /// The path of the file, for messages.
    public let file: String
    let bytes: [UInt8]

    /// - Parameter bytes: the file's content; at most `bytesMax`.
    public init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
    }

    /// Reads a file that is trusted to be one and to answer. Blocks.
    public init(reading file: String) throws(TLSConfigurationFault) {
        let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TLSConfigurationFault(.unreadable, "\(file): cannot be read") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= Self.bytesMax {
            let count = unsafe read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw TLSConfigurationFault(.unreadable, "\(file): cannot be read") }
            if count == 0 { break }
            bytes += piece.prefix(count)
        }
        self.init(file: file, bytes: bytes)
    }
}

extension PEMText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { file }
    public var debugDescription: String { file }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
