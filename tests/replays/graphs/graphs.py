"""Classifies molecules: message passing over an edge list, a readout by graph."""

import torch
from torch import nn
from torch.nn import functional as F


class Layer(nn.Module):
    def __init__(self, width, drop):
        super().__init__()
        self.own = nn.Linear(width, width)
        self.other = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width)
        self.drop = drop

    def forward(self, nodes, edges):
        source, target = edges
        if target.max() >= len(nodes):
            raise IndexError("an edge leads nowhere")
        came = torch.zeros_like(nodes).index_add(0, target, self.other(nodes)[source])
        return F.dropout(F.relu(self.norm(self.own(nodes) + came)), self.drop)


class Molecules(nn.Module):
    def __init__(self, atoms, width, classes, depth, drop):
        super().__init__()
        self.atoms = nn.Embedding(atoms, width)
        self.layers = nn.ModuleList(Layer(width, drop) for _ in range(depth))
        self.out = nn.Linear(width, classes)

    def forward(self, graph):
        nodes = self.atoms(graph.kinds)
        for layer in self.layers:
            nodes = layer(nodes, graph.edges)
        pooled = torch.zeros(graph.count, nodes.shape[1]).index_add(0, graph.member, nodes)
        return self.out(pooled)


def train(model, graphs, optimizer):
    model.train()
    for graph in graphs:
        optimizer.zero_grad()
        F.cross_entropy(model(graph), graph.label).backward()
        optimizer.step()


def test(model, graphs):
    model.eval()
    right = 0
    with torch.no_grad():
        for graph in graphs:
            right += (model(graph).argmax(1) == graph.label).sum().item()
    return right / sum(graph.count for graph in graphs)


def main(loader, held_out, epochs=100):
    model = Molecules(atoms=119, width=64, classes=2, depth=4, drop=0.5)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(epochs):
        train(model, loader, optimizer)
        print(epoch, test(model, held_out))
