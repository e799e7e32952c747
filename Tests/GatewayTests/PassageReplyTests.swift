import HTTPMessages
import Keying
import Testing
import Upstream
import Vocabulary

@testable import Gateway

@Suite("Replies that are passed through")
struct PassageReplyTests {
    private static let json = Array(#"{"credits_used": 1.5}"#.utf8)

    private func reply(
        _ type: String? = "application/json",
        length: Int64?,
        isReserved: Bool = false,
        encoding: String? = nil
    ) -> PassageReply {
        let head = PassageReplyHead(
            status: 200,
            fields: [],
            length: length,
            hasContent: length != 0,
            hasDate: true,
            hasType: type != nil,
            isJSON: type.map { MediaType.isJSON(Array($0.utf8).span) } ?? false,
            contentEncoding: encoding.map { Array($0.utf8) }
        )
        return PassageReply(head, isReserved: isReserved)
    }

    @Test("P1: a JSON reply under a reservation is held to its end")
    func held() {
        var reply = reply(length: nil, isReserved: true)
        #expect(reply.receive(Array(Self.json.prefix(5))) == [])
        #expect(reply.receive(Array(Self.json.dropFirst(5))) == [])
        #expect(reply.isHeld == true)
        #expect(reply.credits == .sound(MicroCredits(micros: 1_500_000)))
        #expect(reply.takeRest() == Self.json)
    }

    @Test("P1: another JSON reply streams, and its last piece is held if its length is known")
    func streamed() {
        var reply = reply(length: Int64(Self.json.count))
        #expect(reply.isHeld == false)
        #expect(reply.receive(Array(Self.json.prefix(5))) == Array(Self.json.prefix(5)))
        #expect(reply.receive(Array(Self.json.dropFirst(5))) == [])
        #expect(reply.credits == .sound(MicroCredits(micros: 1_500_000)))
        #expect(reply.takeRest() == Array(Self.json.dropFirst(5)))
        var open = self.reply(length: nil)
        #expect(open.receive(Self.json) == Self.json)
        #expect(open.credits == .sound(MicroCredits(micros: 1_500_000)))
        #expect(open.takeRest() == [])
    }

    @Test("P2: a reply that turns out too long is let go and passed on unread", arguments: [true, false])
    func tooLong(isReserved: Bool) {
        var reply = reply(length: nil, isReserved: isReserved)
        var sent = reply.receive(Self.json)
        #expect(sent == (isReserved ? [] : Self.json))
        let much = [UInt8](repeating: 0x20, count: PassageReply.readBytesMax)
        sent += reply.receive(much)
        #expect(reply.isHeld == false)
        #expect(sent == Self.json + much)
        #expect(reply.receive([1]) == [1])
        #expect(reply.credits == .missing)
        #expect(reply.takeRest() == [])
    }

    @Test("what is no JSON, is empty, or is announced as too long is not read")
    func unread() {
        let others: [(type: String, length: Int64)] = [
            ("text/html", Int64(Self.json.count)), ("application/json", 0),
            ("application/json", Int64(PassageReply.readBytesMax) + 1),
        ]
        for (type, length) in others {
            var other = reply(type, length: length, isReserved: true)
            #expect(other.isHeld == false)
            #expect(other.receive(Self.json) == Self.json)
            #expect(other.credits == .missing)
        }
    }

    @Test(
        "P3: a reply without a type is read if it begins like an object, however it is cut",
        arguments: [true, false]
    )
    func untyped(isReserved: Bool) {
        for start in [" \r\n\t", "\u{FEFF} "] {
            let object = Array(start.utf8) + Self.json
            for cut in 1..<object.count {
                var reply = reply(nil, length: nil, isReserved: isReserved)
                var sent = reply.receive(Array(object[..<cut]))
                sent += reply.receive(Array(object[cut...]))
                #expect(reply.isRead == true)
                #expect(reply.credits == .sound(MicroCredits(micros: 1_500_000)))
                #expect(sent + reply.takeRest() == object)
            }
        }
        for other in ["[1]", "<html>", " x", "\"{\"", "\u{FEFF}x"] {
            var reply = reply(nil, length: nil, isReserved: isReserved)
            #expect(reply.receive(Array(other.utf8)) == Array(other.utf8))
            #expect(reply.isRead == false)
            #expect(reply.isHeld == false)
            #expect(reply.credits == .missing)
        }
        var coded = reply(nil, length: nil, isReserved: isReserved, encoding: "gzip")
        _ = coded.receive([0x1F, 0x8B])
        #expect(coded.isRead == true)
    }

    @Test("a coding that is not known says nothing of credits")
    func coded() {
        var unknown = reply(length: Int64(Self.json.count), isReserved: true, encoding: "br")
        _ = unknown.receive(Self.json)
        #expect(unknown.credits == .missing)
        var broken = reply(length: Int64(Self.json.count), isReserved: true, encoding: "gzip")
        _ = broken.receive(Self.json)
        #expect(broken.credits == .missing)
    }

    @Test(
        "a reply costs what it says; if it says nothing, its status tells whether work may have been done",
        arguments: [
            (200, "unconfirmed"), (201, "unconfirmed"), (302, "released"), (304, "released"), (400, "released"),
            (402, "released"), (403, "released"), (404, "released"), (429, "released"), (500, "released"),
            (501, "unconfirmed"), (502, "unconfirmed"), (503, "released"), (504, "unconfirmed"),
        ]
    )
    func charge(status: Int, ending: String) {
        for silent in [ClassifyReply.Credits.missing, .null] {
            #expect("\(ReplyCharge.ending(status: status, silent).0)" == ending)
        }
        let credits = MicroCredits(micros: 7)
        #expect(ReplyCharge.ending(status: status, .sound(credits)) == (.settled(credits), credits))
        #expect(ReplyCharge.ending(status: status, .unsound) == (.unconfirmed, nil))
        // A 200 that says that the work was not done.
        let failed = "\(ReplyCharge.ending(status: status, .missing, hasFailed: true).0)"
        #expect(status == 200 ? failed.hasPrefix("settled") : failed == ending)
        #expect("\(ReplyCharge.ending(status: status, .null, hasFailed: true).0)" == ending)
    }

    @Test("a reply that was read says whether the vendor failed", arguments: [("failed", true), ("completed", false)])
    func failed(status: String, hasFailed: Bool) {
        let content = Array(#"{"request_status": "\#(status)", "error": "x"}"#.utf8)
        var reply = reply(length: Int64(content.count), isReserved: true)
        _ = reply.receive(content)
        #expect(reply.hasFailed == hasFailed && reply.credits == .missing)
        var unread = self.reply("text/html", length: Int64(content.count), isReserved: true)
        _ = unread.receive(content)
        #expect(unread.hasFailed == false)
    }
}
