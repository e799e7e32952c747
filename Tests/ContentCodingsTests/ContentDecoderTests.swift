import ContentCodings
import TestSupport
import Testing

@Suite("ContentDecoder")
struct ContentDecoderTests {
    private static let text = Array(#"{"success": false, "error": "odd", "message": "words and words and words"}"#.utf8)

    /// What decoding came to: the content, or the fault.
    private func decode(_ bytes: [UInt8], _ codings: ContentCoding..., bytesMax: Int = 1_000_000) -> Outcome {
        do throws(ContentFault) {
            return .content(try ContentDecoder.decode(bytes, codings, bytesMax: bytesMax))
        } catch {
            return .fault(error)
        }
    }

    private enum Outcome: Equatable {
        case content([UInt8])
        case fault(ContentFault)
    }

    @Test(
        "each coding is undone, with its frame and without",
        arguments: [
            (ContentEncoder.Frame.gzip, ContentCoding.gzip), (.zlib, .deflate), (.raw, .deflate),
        ]
    )
    func each(_ frame: ContentEncoder.Frame, _ coding: ContentCoding) {
        for content in [[], [0], Self.text, [UInt8](repeating: 7, count: 300_000)] {
            #expect(decode(ContentEncoder.encode(content, frame), coding) == .content(content))
        }
        #expect(decode([], coding) == .content([]))
    }

    @Test("several codings are undone from the last to the first")
    func several() {
        let inner = ContentEncoder.encode(ContentEncoder.encode(Self.text, .gzip), .zlib)
        #expect(decode(ContentEncoder.encode(inner, .raw), .gzip, .deflate, .deflate) == .content(Self.text))
        #expect(decode(inner, .deflate, .gzip) == .fault(.malformed))
    }

    @Test("gzip may have several members, and what is no member behind them is dropped")
    func members() {
        let member = ContentEncoder.encode(Self.text, .gzip)
        #expect(decode(member + member + member, .gzip) == .content(Self.text + Self.text + Self.text))
        for tail in [[0], [0, 0, 0], Array("garbage".utf8), [0x1F]] {
            #expect(decode(member + tail, .gzip) == .content(Self.text))
        }
        #expect(decode(member + [0x1F, 0x8B], .gzip) == .fault(.truncated))
        #expect(decode(member + [0x1F, 0x8B, 9, 9], .gzip) == .fault(.malformed))
        #expect(decode(ContentEncoder.encode(Self.text, .zlib) + [1, 2, 3], .deflate) == .content(Self.text))
    }

    @Test(
        "whatever is cut off is found out at every length",
        arguments: [
            (ContentEncoder.Frame.gzip, ContentCoding.gzip), (.zlib, .deflate), (.raw, .deflate),
        ]
    )
    func truncated(_ frame: ContentEncoder.Frame, _ coding: ContentCoding) {
        let whole = ContentEncoder.encode(Self.text, frame)
        for count in 1..<whole.count {
            guard case .fault = decode(Array(whole.prefix(count)), coding) else {
                Issue.record("\(count) bytes of \(whole.count) are taken for all")
                continue
            }
        }
    }

    @Test("a wrong checksum or length is found out, and so is what was never encoded")
    func malformed() {
        let whole = ContentEncoder.encode(Self.text, .gzip)
        for offset in 1...8 {
            var bytes = whole
            bytes[bytes.count - offset] ^= 1
            #expect(decode(bytes, .gzip) == .fault(.malformed))
        }
        #expect(decode(Self.text, .gzip) == .fault(.malformed))
        #expect(decode(Self.text, .deflate) == .fault(.malformed))
        var zlib = ContentEncoder.encode(Self.text, .zlib)
        zlib[zlib.count - 1] ^= 1
        #expect(decode(zlib, .deflate) == .fault(.malformed))
    }

    @Test("a content is taken up to its limit and no byte more, at each step and over all members")
    func tooLong() {
        let member = ContentEncoder.encode([UInt8](repeating: 7, count: 5_000), .gzip)
        #expect(decode(member + member, .gzip, bytesMax: 10_000) == .content([UInt8](repeating: 7, count: 10_000)))
        #expect(decode(member + member, .gzip, bytesMax: 9_999) == .fault(.tooLong))
        let twice = ContentEncoder.encode(ContentEncoder.encode([UInt8](repeating: 7, count: 5_000), .raw), .gzip)
        #expect(decode(twice, .deflate, .gzip, bytesMax: 4_999) == .fault(.tooLong))
    }

    @Test("what grows out of all proportion is a bomb, though the limit has room for it")
    func bomb() {
        let bomb = ContentEncoder.encode([UInt8](repeating: 0, count: 20_000_000), .gzip)
        #expect(decode(bomb, .gzip, bytesMax: 1 << 30) == .fault(.bomb))
        #expect(decode(ContentEncoder.encode(bomb, .gzip), .gzip, .gzip, bytesMax: 1 << 30) == .fault(.bomb))
        // Short ones are not worth the name.
        let short = [UInt8](repeating: 0, count: 1_000_000)
        #expect(decode(ContentEncoder.encode(short, .gzip), .gzip) == .content(short))
    }

    @Test("at random: whatever bytes are given, decoding ends within its limit, and changed ones never look whole")
    func random() {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            var bytes = ContentEncoder.encode(Self.text, .gzip)
            let index = Int.random(in: 10..<bytes.count, using: &generator)
            bytes[index] = UInt8.random(in: 0...255, using: &generator)
            guard case .content(let content) = decode(bytes, .gzip, bytesMax: 10_000) else { continue }
            #expect(content == Self.text, "seed \(seed)")
        }
    }
}
