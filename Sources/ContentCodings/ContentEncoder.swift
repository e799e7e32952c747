internal import CZlib

/// Applies a content coding to a whole content, for the simulated vendor. Pure.
public enum ContentEncoder {
    /// What is around the compressed data.
    public enum Frame: Sendable, Equatable {
        /// RFC 1952.
        case gzip
        /// RFC 1950.
        case zlib
        /// None, RFC 1951.
        case raw
    }

    public static func encode(_ bytes: [UInt8], _ frame: Frame) -> [UInt8] {
        var stream = unsafe z_stream()
        let windowBits: Int32 =
            switch frame {
            case .gzip: 31
            case .zlib: 15
            case .raw: -15
            }
        return unsafe withUnsafeMutablePointer(to: &stream) { stream in
            guard unsafe tollgate_deflateInit2(stream, Z_BEST_COMPRESSION, windowBits) == Z_OK else {
                preconditionFailure("zlib has no memory")
            }
            defer { unsafe deflateEnd(stream) }
            precondition(bytes.count < Int(UInt32.max) / 2, "a content of \(bytes.count) bytes")
            let bound = unsafe Int(deflateBound(stream, UInt(bytes.count)))
            return unsafe [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
                unsafe bytes.withUnsafeBufferPointer { bytes in
                    // zlib does not write to its input, though its interface does not say so.
                    unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: bytes.baseAddress)
                    unsafe stream.pointee.avail_in = UInt32(bytes.count)
                    unsafe stream.pointee.next_out = buffer.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(buffer.count)
                    precondition(unsafe deflate(stream, Z_FINISH) == Z_STREAM_END, "deflate")
                    count = unsafe buffer.count - Int(stream.pointee.avail_out)
                }
            }
        }
    }
}
