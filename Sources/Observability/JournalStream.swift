import Glibc

/// Whether a descriptor is the journal's stream, systemd.exec(5): `JOURNAL_STREAM` has the device and the inode of the
/// one that the program was started with, and the descriptor may have been redirected since.
public enum JournalStream {
    public static func isConnected(to descriptor: Int32, _ environment: [String: String]) -> Bool {
        guard let stream = environment["JOURNAL_STREAM"] else { return false }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}
