/// Whole lines on their way to a descriptor that may take a part of them or none: pure, the caller writes.
///
/// The rest of a line that was written in part is kept and goes before anything else, so that no two lines ever run
/// into one. Lines of which nothing was written when the descriptor fails are lost, and counted. So a line is in the
/// log whole or not at all, unless the process ends while a rest waits for room.
struct LineOutput {
    /// What is left of a line that was written in part; at most one line.
    private(set) var rest: [UInt8] = []
    /// How many lines are lost and not reported yet.
    private(set) var lost = 0
    /// How many were lost since the start, reported or not.
    private(set) var lostAltogether = 0

    /// Counts lines that were given up before they came here.
    mutating func lose(_ count: Int) {
        lost += count
        lostAltogether += count
    }

    /// Sends lines, each with its line feed, and then how many were lost, if any were.
    ///
    /// - Parameter write: takes some of the bytes and says how many; 0 when the descriptor has failed.
    mutating func send(_ lines: [UInt8], _ write: (UnsafeRawBufferPointer) -> Int) {
        guard sendRest(write) else { return lose(Self.count(lines[...])) }
        let sent = Self.transfer(lines[...], write)
        keepRest(of: lines, from: sent)
        guard rest.isEmpty, lost > 0 else { return }
        let notice = Array("{\"level\":\"warning\",\"msg\":\"log_lines_dropped\",\"count\":\(lost)}\n".utf8)
        let told = Self.transfer(notice[...], write)
        // Once it has begun it counts as reported: its rest is written as that of any line.
        guard told > 0 else { return }
        lost = 0
        keepRest(of: notice, from: told)
    }

    /// Whether no line is written in part only.
    private mutating func sendRest(_ write: (UnsafeRawBufferPointer) -> Int) -> Bool {
        guard !rest.isEmpty else { return true }
        rest.removeFirst(Self.transfer(rest[...], write))
        return rest.isEmpty
    }

    /// Keeps the rest of the line that was written in part, and counts the lines behind it.
    private mutating func keepRest(of lines: [UInt8], from sent: Int) {
        var next = sent
        if sent > 0, sent < lines.count, lines[sent - 1] != 0x0A {
            next = (lines[sent...].firstIndex(of: 0x0A) ?? lines.count - 1) + 1
            rest = Array(lines[sent..<next])
        }
        lose(Self.count(lines[next...]))
    }

    private static func count(_ lines: ArraySlice<UInt8>) -> Int { lines.count { $0 == 0x0A } }

    /// Writes until all is taken or nothing more is; answers how much was.
    private static func transfer(_ bytes: ArraySlice<UInt8>, _ write: (UnsafeRawBufferPointer) -> Int) -> Int {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let count = write(UnsafeRawBufferPointer(rebasing: buffer[sent...]))
                guard count > 0 else { break }
                sent += count
            }
            return sent
        }
    }
}
