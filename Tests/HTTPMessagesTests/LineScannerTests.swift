import Testing

@testable import HTTPMessages

@Suite("LineScanner")
struct LineScannerTests {
    private func end(_ bytes: [UInt8], from start: Int = 0) -> Int {
        bytes.withUnsafeBufferPointer { LineScanner.endOfText($0, from: start) }
    }

    private func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7F }

    @Test("the next control character is found behind any other byte: no borrow hides or invents one")
    func pairs() {
        var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 8)
        for first in 0...255 as ClosedRange<UInt8> {
            for second in 0...255 as ClosedRange<UInt8> {
                bytes[3] = first
                bytes[4] = second
                let expected = isControl(first) ? 3 : isControl(second) ? 4 : 8
                let found = end(bytes)
                if found != expected { Issue.record("\(first), \(second): \(found) in place of \(expected)") }
            }
        }
    }

    @Test("it is found at every place, from every start")
    func places() {
        for count in 0...20 {
            for place in 0...count {
                var bytes = [UInt8](repeating: 0xA0, count: count)
                if place < count { bytes[place] = 0x0D }
                for start in 0...count where count > 0 {
                    #expect(end(bytes, from: start) == (start <= place ? place : count))
                }
            }
        }
    }

    @Test("a line can only be whole once a control character has come")
    func mayComplete() {
        let bytes = wire("abcdefghij\rk")
        var scanned = 2
        bytes.withUnsafeBufferPointer { buffer in
            for count in 0...10 {
                #expect(!LineScanner.mayComplete(UnsafeBufferPointer(rebasing: buffer[..<count]), scanned: &scanned))
                #expect(scanned == max(2, count))
            }
            #expect(LineScanner.mayComplete(buffer, scanned: &scanned))
            #expect(scanned == 10)
        }
    }
}
