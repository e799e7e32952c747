import Testing

@testable import Observability

@Suite("LineOutput")
struct LineOutputTests {
    /// A descriptor that takes so many bytes, `piece` at a time, and then fails until it is given more room.
    private final class Disk {
        var room: Int
        let piece: Int
        private(set) var taken: [UInt8] = []

        init(room: Int, piece: Int = 1_000) {
            self.room = room
            self.piece = piece
        }

        func write(_ bytes: UnsafeRawBufferPointer) -> Int {
            let count = min(bytes.count, room, piece)
            taken += bytes.prefix(count)
            room -= count
            return count
        }

        var text: String { String(decoding: taken, as: UTF8.self) }
    }

    private func notice(_ count: Int) -> String {
        #"{"level":"warning","msg":"log_lines_dropped","count":\#(count)}"# + "\n"
    }

    @Test("what is taken in pieces is whole", arguments: [1, 2, 7])
    func pieces(_ piece: Int) {
        var output = LineOutput()
        let disk = Disk(room: 1_000, piece: piece)
        output.send(Array("one\ntwo\n".utf8)) { disk.write($0) }
        #expect(disk.text == "one\ntwo\n")
        #expect(output.rest.isEmpty && output.lost == 0)
    }

    @Test("wherever a disk gets full, lines are whole in the end, and what is not there is counted", arguments: 0...9)
    func full(_ room: Int) {
        var output = LineOutput()
        let disk = Disk(room: room)
        output.send(Array("one\ntwo\n".utf8)) { disk.write($0) }
        output.send(Array("six\n".utf8)) { disk.write($0) }
        disk.room = 1_000
        output.send(Array("ten\n".utf8)) { disk.write($0) }
        let begun = ["one\n", "two\n", "six\n"].prefix((room + 3) / 4)
        let lost = 3 - begun.count
        #expect(disk.text == begun.joined() + "ten\n" + (lost > 0 ? notice(lost) : ""))
        #expect(output.rest.isEmpty && output.lost == 0)
        #expect(output.lostAltogether == lost)
    }

    @Test("a notice that is out in part is completed before anything else, and is not told twice")
    func noticeInPart() {
        var output = LineOutput()
        output.lose(5)
        let disk = Disk(room: 10)
        output.send(Array("one\n".utf8)) { disk.write($0) }
        #expect(output.lost == 0 && !output.rest.isEmpty)
        disk.room = 1_000
        output.send(Array("two\n".utf8)) { disk.write($0) }
        #expect(disk.text == "one\n" + notice(5) + "two\n")
    }

    @Test("a descriptor that takes nothing keeps at most one line waiting")
    func gone() {
        var output = LineOutput()
        let disk = Disk(room: 2)
        for _ in 0..<100 { output.send(Array("line\nline\n".utf8)) { disk.write($0) } }
        #expect(output.rest.count == 3)
        #expect(output.lost == 199)
    }
}
