/**
 * React Flow with nothing of the editor around it: a title and labelled handles on each node, and a field that types
 * into one. The yardstick of `bench/editor.ts`.
 */
import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useNodesState,
  useReactFlow,
} from "@xyflow/react";
import { memo } from "react";
import { createRoot } from "react-dom/client";

interface BareData extends Record<string, unknown> {
  title: string;
  inputs: string[];
  outputs: string[];
}
type BareNode = Node<BareData>;

const BareView = memo(function BareView({ data }: NodeProps<BareNode>) {
  return (
    <div className="bare">
      <b>{data.title}</b>
      {data.inputs.map((name) => (
        <p key={name}>
          <Handle id={name} type="target" position={Position.Left} style={{ top: "auto" }} />
          {name}
        </p>
      ))}
      {data.outputs.map((name) => (
        <p key={name} className="out">
          <Handle id={name} type="source" position={Position.Right} style={{ top: "auto" }} />
          {name}
        </p>
      ))}
    </div>
  );
});
const nodeTypes = { bare: BareView };

function Field({ node }: { node: string }) {
  const flow = useReactFlow();
  return <input onChange={(event) => flow.updateNodeData(node, { title: event.target.value })} />;
}

function Page({ given }: { given: { nodes: BareNode[]; edges: Edge[] } }) {
  const [nodes, , onNodesChange] = useNodesState(given.nodes);
  return (
    <ReactFlowProvider>
      <Field node={given.nodes[1]?.id ?? ""} />
      <main>
        <ReactFlow
          nodes={nodes}
          edges={given.edges}
          nodeTypes={nodeTypes}
          onNodesChange={onNodesChange}
          minZoom={0.02}
          fitView
        >
          <Background variant={BackgroundVariant.Dots} gap={22} size={1.5} />
          <Controls />
        </ReactFlow>
      </main>
    </ReactFlowProvider>
  );
}

const given = JSON.parse(document.getElementById("given")?.textContent ?? "{}");
createRoot(document.getElementById("root") as HTMLElement).render(<Page given={given} />);
