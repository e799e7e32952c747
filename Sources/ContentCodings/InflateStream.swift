internal import CZlib

/// Compressed data while it is undone: one gzip member, or one stream of deflate. Confined to the call that made it.
@safe
final class InflateStream {
    /// What is around the compressed data, as inflateInit2 is told it.
    enum Frame: Int32 {
        case raw = -15
        case zlib = 15
        case gzip = 31
    }

    /// How much is decoded at a time.
    private static let pieceBytes = 64 * 1024
    /// A content up to this length may have any ratio: it does no harm.
    private static let bombBytesMin = 1024 * 1024
    /// No longer text shrinks to less than one part in this many; deflate itself ends at 1,032.
    private static let ratioMax = 250

    /// Owned: ended and freed in `deinit`. Allocated, since zlib keeps the address of it.
    private let stream: UnsafeMutablePointer<z_stream>

    init(_ frame: Frame) throws(ContentFault) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe tollgate_inflateInit2(stream, frame.rawValue) == Z_OK else {
            unsafe stream.deallocate()
            throw .noMemory
        }
        unsafe self.stream = unsafe stream
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Appends the content to `output`, which stays at or under `bytesMax` in all.
    ///
    /// - Returns: how much of the input belongs to the data.
    func inflate(_ input: ArraySlice<UInt8>, into output: inout [UInt8], bytesMax: Int) throws(ContentFault) -> Int {
        var position = input.startIndex
        let outputStart = output.count
        while true {
            let before = output.count
            // zlib counts in 32 bits, and takes its input in pieces as well.
            let piece = input[position..<min(input.endIndex, position + (1 << 30))]
            let (result, consumed) = step(piece, into: &output)
            position += consumed
            guard output.count <= bytesMax else { throw .tooLong }
            let (made, taken) = (output.count - outputStart, position - input.startIndex)
            if made > Self.bombBytesMin, made / Self.ratioMax > taken { throw .bomb }
            switch result {
            case Z_STREAM_END: return taken
            // No progress is possible: the input is at its end before the data is.
            case Z_OK, Z_BUF_ERROR:
                if consumed == 0, output.count == before { throw .truncated }
            case Z_MEM_ERROR: throw .noMemory
            default: throw .malformed
            }
        }
    }

    /// Makes one piece of output, of as much of the input as that takes.
    private func step(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) -> (result: Int32, consumed: Int) {
        var consumed = 0
        var result = Z_OK
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
            unsafe input.withUnsafeBufferPointer { bytes in
                // zlib does not write to its input, though its interface does not say so.
                unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: bytes.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(bytes.count)
                unsafe stream.pointee.next_out = buffer.baseAddress
                unsafe stream.pointee.avail_out = UInt32(buffer.count)
                result = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                consumed = unsafe bytes.count - Int(stream.pointee.avail_in)
                count = unsafe buffer.count - Int(stream.pointee.avail_out)
                // The two are not this object's beyond this call.
                unsafe stream.pointee.next_in = nil
                unsafe stream.pointee.next_out = nil
            }
        }
        output += piece
        return (result, consumed)
    }
}
