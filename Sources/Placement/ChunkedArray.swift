/// An array in chunks, whose copies share all chunks but those that change.
///
/// A picture of a fleet is copied for every plan that takes something out of it, and changes on a few hosts: copying the chunks
/// of those instead of the whole array is what makes it cheap.
struct ChunkedArray<Element>: RandomAccessCollection, MutableCollection {
    /// Elements of a chunk; a power of two, so that finding one is two shifts.
    private static var chunkBits: Int { 3 }

    private var chunks: [ContiguousArray<Element>]
    let count: Int

    var startIndex: Int { 0 }
    var endIndex: Int { count }

    init(_ elements: [Element]) {
        count = elements.count
        let size = 1 << Self.chunkBits
        chunks = stride(from: 0, to: elements.count, by: size).map { start in
            ContiguousArray(elements[start..<Swift.min(start + size, elements.count)])
        }
    }

    init(repeating element: Element, count: Int) {
        self.init([Element](repeating: element, count: count))
    }

    subscript(index: Int) -> Element {
        _read { yield chunks[index >> Self.chunkBits][index & (1 << Self.chunkBits - 1)] }
        _modify { yield &chunks[index >> Self.chunkBits][index & (1 << Self.chunkBits - 1)] }
    }

    /// What `body` reads of an element where it lies: copies of thousands would take longer than looking at them.
    func lend<Answer>(_ index: Int, to body: (borrowing Element) -> Answer) -> Answer {
        chunks.withUnsafeBufferPointer { chunks in
            chunks[index >> Self.chunkBits].withUnsafeBufferPointer { chunk in
                body(chunk[index & (1 << Self.chunkBits - 1)])
            }
        }
    }
}

extension ChunkedArray: Sendable where Element: Sendable {}
