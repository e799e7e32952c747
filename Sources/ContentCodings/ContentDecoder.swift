/// Undoes content codings: in pieces, into bounded memory. Pure.
///
/// What follows the end of the encoded data is dropped, as gzip(1) does with it: the content before it is whole, and
/// its checksum says so. It is never passed on.
public enum ContentDecoder {
    /// A gzip member begins with these, RFC 1952 §2.3.1.
    private static let gzipMagic: [UInt8] = [0x1F, 0x8B]

    /// The content before these codings were applied to it.
    ///
    /// - Parameters:
    ///   - codings: in the order in which they were applied.
    ///   - bytesMax: the longest content, after each step.
    public static func decode(
        _ bytes: [UInt8],
        _ codings: [ContentCoding],
        bytesMax: Int
    ) throws(ContentFault) -> [UInt8] {
        var content = bytes
        // A reply may say how it would be encoded and have no content at all.
        guard !content.isEmpty else { return content }
        for coding in codings.reversed() {
            switch coding {
            case .gzip: content = try undoGzip(content, bytesMax)
            case .deflate: content = try undoDeflate(content, bytesMax)
            }
        }
        return content
    }

    private static func undoGzip(_ bytes: [UInt8], _ bytesMax: Int) throws(ContentFault) -> [UInt8] {
        var output: [UInt8] = []
        var position = 0
        repeat {
            position += try InflateStream(.gzip).inflate(bytes[position...], into: &output, bytesMax: bytesMax)
        } while bytes[position...].starts(with: gzipMagic)
        return output
    }

    /// The frame's two bytes are a multiple of 31 (RFC 1950 §2.2), which data without a frame begins with now and then:
    /// then it is found out by the frame's checksum.
    private static func undoDeflate(_ bytes: [UInt8], _ bytesMax: Int) throws(ContentFault) -> [UInt8] {
        let looksFramed = bytes.count >= 2 && bytes[0] & 0x0F == 8 && (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0
        guard looksFramed else { return try undo(.raw, bytes, bytesMax) }
        do throws(ContentFault) { return try undo(.zlib, bytes, bytesMax) } catch {
            guard error == .malformed || error == .truncated else { throw error }
            do throws(ContentFault) { return try undo(.raw, bytes, bytesMax) } catch _ { throw error }
        }
    }

    private static func undo(
        _ frame: InflateStream.Frame,
        _ bytes: [UInt8],
        _ bytesMax: Int
    ) throws(ContentFault) -> [UInt8] {
        var output: [UInt8] = []
        _ = try InflateStream(frame).inflate(bytes[...], into: &output, bytesMax: bytesMax)
        return output
    }
}
