import CapacityModel

/// Gives instances with GPUs to hosts one after the other, each where the expected fragment grows least: begun devices first,
/// of equals the fullest device, then where no large slot goes, then the fullest host.
///
/// One look a step: a step changes one host, whose next step is worked out anew, and a heap has the best of all.
struct GradientFilling {
    private(set) var rooms: [GPUHostRoom]
    /// The best step of each host that has one and its position in `rooms`; a heap, the best of all first.
    private var heap: [(step: GPUHostRoom.Step, room: Int)] = []
    private let gradient: FragmentationGradient

    /// - Parameter steps: The best step of each.
    init(_ rooms: [GPUHostRoom], steps: [GPUHostRoom.Step?], by gradient: FragmentationGradient) {
        self.rooms = rooms
        self.gradient = gradient
        heap = steps.enumerated().compactMap { room, step in step.map { ($0, room) } }.sorted { $0.step < $1.step }
    }

    /// Takes steps until `count` instances have a place or nothing fits.
    mutating func take(_ count: Int) {
        var rest = count
        while rest > 0, let (step, room) = heap.first {
            let here = rooms[room].count(for: step, of: gradient.task, atMost: min(rest, gradient.chunk))
            rooms[room].take(here, on: step.devices, gradient.task)
            rest -= here
            if let next = rooms[room].best(gradient) {
                heap[0].step = next
            } else {
                heap[0] = heap[heap.count - 1]
                heap.removeLast()
            }
            sink()
        }
    }

    /// Moves the first of the heap down to where it belongs.
    private mutating func sink() {
        var parent = 0
        while true {
            var best = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].step < heap[best].step { best = child }
            }
            guard best != parent else { return }
            heap.swapAt(parent, best)
            parent = best
        }
    }
}
