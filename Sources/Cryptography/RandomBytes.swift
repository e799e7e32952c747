internal import COpenSSL

/// Random bytes for secrets, from OpenSSL's generator, which the kernel seeds.
public enum RandomBytes {
    /// `count` unpredictable bytes. Any thread.
    public static func make(count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe RAND_bytes(buffer.baseAddress, Int32(buffer.count))
        }
        precondition(done == 1, "RAND_bytes: the generator could not be seeded")
        return bytes
    }
}
